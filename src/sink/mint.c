/*
 * sink/mint.c - certificates for whatever name is asked for. Input: hostile (a name in a hello, of
 * which OpenSSL makes a string), used in a subject alternative name only.   Runs in: sink.
 * Fuzz: fuzz/dns_fuzz.c
 */
#include "sink/mint.h"

#include "sink/dns.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

enum { DAY = 86400, BEFORE_DAYS = 2, AFTER_DAYS = 3650 };

struct mint {
	EVP_PKEY *ca_key, *leaf_key;
	X509 *ca;
	SSL_CTX *ctx;
};

static bool extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool name_it(X509_NAME *name, const char *text)
{
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1,
					  -1, 0) == 1;
}

/* What both kinds have: serial number, validity (the box's clock runs ahead), key. */
static X509 *blank(EVP_PKEY *key)
{
	X509 *x = X509_new();
	uint64_t serial = 0;

	if (x == NULL)
		return NULL;
	if (RAND_bytes((unsigned char *)&serial, sizeof serial) != 1 ||
	    X509_set_version(x, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1 | 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -(long)BEFORE_DAYS * DAY) == NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(x), AFTER_DAYS, 0, NULL) == NULL ||
	    X509_set_pubkey(x, key) != 1) {
		X509_free(x);
		return NULL;
	}
	return x;
}

static bool make_ca(struct mint *m)
{
	m->ca = blank(m->ca_key);
	return m->ca != NULL && name_it(X509_get_subject_name(m->ca), "Internal Root CA") &&
	       X509_set_issuer_name(m->ca, X509_get_subject_name(m->ca)) == 1 &&
	       extend(m->ca, m->ca, NID_basic_constraints, "critical,CA:TRUE") &&
	       extend(m->ca, m->ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       extend(m->ca, m->ca, NID_subject_key_identifier, "hash") &&
	       X509_sign(m->ca, m->ca_key, EVP_sha256()) > 0;
}

/* host is a name of letters, digits, dots and hyphens, or an address: nothing that the syntax of
 * extensions could take for something else. */
static X509 *make_leaf(struct mint *m, const char *host)
{
	X509 *x = blank(m->leaf_key);
	char names[300];
	bool address = strchr(host, ':') != NULL || strspn(host, "0123456789.") == strlen(host);

	(void)snprintf(names, sizeof names, "%s:%s", address ? "IP" : "DNS", host);
	if (x != NULL && name_it(X509_get_subject_name(x), "server") &&
	    X509_set_issuer_name(x, X509_get_subject_name(m->ca)) == 1 &&
	    extend(x, m->ca, NID_subject_alt_name, names) &&
	    extend(x, m->ca, NID_authority_key_identifier, "keyid") &&
	    extend(x, m->ca, NID_ext_key_usage, "serverAuth") &&
	    X509_sign(x, m->ca_key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

static bool use_leaf(struct mint *m, SSL *ssl, const char *host)
{
	X509 *x = make_leaf(m, host);
	bool ok = x != NULL && SSL_use_certificate(ssl, x) == 1 &&
		  SSL_use_PrivateKey(ssl, m->leaf_key) == 1;

	X509_free(x);
	ERR_clear_error();
	return ok;
}

static int on_name(SSL *ssl, int *alert, void *arg)
{
	const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (host == NULL || !dns_host(str_z(host)))
		return SSL_TLSEXT_ERR_NOACK;
	return use_leaf(arg, ssl, host) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Nothing but HTTP/1.1, so that what is in it can be read. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		   const unsigned char *in, unsigned n, void *arg)
{
	static const unsigned char want[] = "http/1.1";

	(void)ssl, (void)arg;
	for (unsigned at = 0; at < n && in[at] <= n - at - 1; at += 1u + in[at]) {
		if (in[at] != sizeof want - 1 || memcmp(in + at + 1, want, in[at]) != 0)
			continue;
		*out = in + at + 1;
		*out_n = in[at];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

struct mint *mint_new(struct diag *d)
{
	struct mint *m = calloc(1, sizeof *m);

	if (m != NULL) {
		m->ca_key = EVP_EC_gen("P-256");
		m->leaf_key = EVP_EC_gen("P-256");
		m->ctx = SSL_CTX_new(TLS_server_method());
	}
	if (m == NULL || m->ca_key == NULL || m->leaf_key == NULL || m->ctx == NULL ||
	    !make_ca(m)) {
		(void)diag_set(d, ERR_NOMEM, "cannot make keys for the sink");
		return NULL;
	}
	(void)SSL_CTX_set_tlsext_servername_callback(m->ctx, on_name);
	(void)SSL_CTX_set_tlsext_servername_arg(m->ctx, m);
	SSL_CTX_set_alpn_select_cb(m->ctx, on_alpn, NULL);
	(void)SSL_CTX_set_session_cache_mode(m->ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(m->ctx, 0);
	(void)SSL_CTX_set_mode(m->ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* What must be looked up or opened is, before the jail closes. */
	X509_free(make_leaf(m, "prepare.example"));
	SSL_free(mint_accept(m, -1, "192.0.2.1"));
	return m;
}

void mint_ca(const struct mint *m, struct buf *out)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;

	if (b == NULL || PEM_write_bio_X509(b, m->ca) != 1) {
		out->err = ERR_NOMEM;
	} else {
		long n = BIO_get_mem_data(b, &p);
		buf_add(out, (struct str){ p, (size_t)n });
	}
	BIO_free(b);
}

SSL *mint_accept(struct mint *m, int fd, const char *address)
{
	SSL *ssl = SSL_new(m->ctx);

	if (ssl == NULL || !use_leaf(m, ssl, address) || (fd >= 0 && SSL_set_fd(ssl, fd) != 1)) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}
