#!/usr/bin/env python3
"""limbo.py PROGRAM LIMBO.JSON [-v] - the cases of C2SP/x509-limbo that apply to what verify/ does with certificates:
whether a signer's certificate was issued by a path that the trusted root names, at a time. The paths are found here,
as whoever writes a trusted root finds them; PROGRAM (tests/conformance/limbo.c) judges each. Which cases do not
apply, and why, is the table below; docs/conformance.md explains it. Proves T-22."""
import base64
import datetime
import fnmatch
import json
import subprocess
import sys

PATHS = 16  # to look at of one case
DEEP = 12   # certificates of one path

# Pattern of the case's name, and why it is no question to us; None: it is. The first that fits counts.
NOT_OURS = [
    ("crl::*", "nothing is revoked: Fulcio's certificates live ten minutes, and a log tells the time"),
    ("pathlen::max-chain-depth-*", "no depth is a parameter: the trusted root names whole chains, of 8 at most"),
    ("rfc5280::aki::cross-signed-root-missing-aki", "an anchor is a name and a key (RFC 5280, 6.1.1), and the suite's "
     "own cve-2024-0567 trusts such a one"),
    ("rfc5280::eku::ee-*", "a signer's certificate must be for codeSigning; forged_test, LEAF_NO_CODESIGN"),
    ("cve::cve-2025-61727*", "no signer has a dNSName, so none has a wildcard; certificate.c, read_san"),
    ("rfc5280::nc::nc-forbids-dnsname-wildcard-san", "no signer has a dNSName"),
    ("rfc5280::nc::invalid-dnsname-leading-period", "no signer has a dNSName"),
    ("rfc5280::nc::nc-permits-invalid-dns-san", "no signer has a dNSName"),
    ("rfc5280::nc::nc-permits-invalid-email-san", "a signer has one name, which must be the expected one, whole"),
    ("rfc5280::san::underscore-dns", "no signer has a dNSName"),
    ("rfc5280::san::ip-in-dns", "no signer has a dNSName"),
    ("rfc5280::ca-as-leaf*", "a signer's certificate is none of an authority; forged_test, LEAF_IS_CA"),
    ("webpki::forbidden-rsa-*divisible-by-8-*", "CA/Browser Forum: a rule of the Web"),
    ("webpki::forbidden-*", None),
    ("webpki::nc::permitted-dns-match-noncritical", "contradicts RFC 5280, 4.2.1.10, and the suite's own "
     "rfc5280::nc::permitted-dns-match-noncritical"),
    ("webpki::nc::*", None),
    ("webpki::explicit-curve", None),
    ("webpki::v1-cert", None),
    ("webpki::*", "CA/Browser Forum: names of servers and the profile of their certificates"),
    ("bettertls::*", "how to find one path among many: the trusted root names the path"),
    ("online::*", "certificates of the Web's servers"),
]


def der(pem):
    return base64.b64decode("".join(pem.split("-----")[2].split()))


def tlv(data, at=0):
    """One value of DER: its tag, where its content begins, where it ends."""
    n, head = data[at + 1], 2
    if n & 0x80:
        k = n & 0x7F
        n, head = int.from_bytes(data[at + 2:at + 2 + k], "big"), 2 + k
    return data[at], at + head, at + head + n


def names(cert):
    """Issuer and subject, as their bytes."""
    at = tlv(cert, tlv(cert)[1])[1]
    if cert[at] == 0xA0:
        at = tlv(cert, at)[2]
    at = tlv(cert, tlv(cert, at)[2])[2]  # the number, the algorithm
    issuer = cert[at:tlv(cert, at)[2]]
    at = tlv(cert, tlv(cert, at)[2])[2]  # the validity
    return issuer, cert[at:tlv(cert, at)[2]]


def paths(leaf, between, trusted):
    """From the leaf up to a certificate that is trusted, the shortest first."""
    out, open_ = [], [[leaf]]
    while open_ and len(out) < PATHS:
        path = open_.pop(0)
        issuer = names(path[-1])[0]
        out += [path + [t] for t in trusted if names(t)[1] == issuer]
        if len(path) < DEEP and len(open_) < 4096:
            open_ += [path + [c] for c in between if names(c)[1] == issuer and c not in path]
    return out[:PATHS]


def seconds(case):
    text = case["validation_time"]
    when = datetime.datetime.fromisoformat(text) if text else datetime.datetime.now(datetime.timezone.utc)
    return int(when.timestamp())


class Judge:
    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def path(self, when, purpose, certs):
        self.child.stdin.write("%d %s %s\n" % (when, purpose, " ".join(c.hex() for c in certs)))
        self.child.stdin.flush()
        said = self.child.stdout.readline().rstrip("\n")
        if not said:
            sys.exit("limbo: the judge ended with %r" % self.child.wait())
        return said

    def case(self, case):
        """"ok" when one path is, else why the last is not."""
        said = "there is no path"
        purpose = case["validation_kind"].lower()
        try:
            certs = [der(case["peer_certificate"]), [der(c) for c in case["untrusted_intermediates"]],
                     [der(c) for c in case["trusted_certs"]]]
            found = paths(*certs)
        except IndexError:
            return "the certificate is no DER"
        for path in found:
            said = self.path(seconds(case), purpose, path)
            if said == "ok":
                break
        return said


def why_not(name):
    return next((why for pattern, why in NOT_OURS if fnmatch.fnmatchcase(name, pattern)), None)


def main():
    verbose = "-v" in sys.argv
    judge = Judge(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        cases = json.load(file)["testcases"]
    asked = wrong = 0
    for case in cases:
        name, want = case["id"], case["expected_result"] == "SUCCESS"
        why = why_not(name)
        if why and not verbose:
            continue
        said = judge.case(case)
        right = (said == "ok") == want
        if verbose:
            print("%-8s %-60s %-7s %s" % ("-" if why else "as is" if right else "WRONG", name,
                                          case["expected_result"], said))
        if why:
            continue
        asked += 1
        if not right:
            wrong += 1
            print("FAILED limbo: %s should be %s: %s" % (name, case["expected_result"], said))
    print("limbo: %d of %d cases as expected, %d do not apply" % (asked - wrong, asked, len(cases) - asked))
    return wrong != 0 or asked == 0


if __name__ == "__main__":
    sys.exit(main())
