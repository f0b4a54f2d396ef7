"""bench/rows.py - what is measured, row by row, and the gates that yett has to hold."""
from dataclasses import dataclass, field


@dataclass
class Row:
    """One piece of work. unit 'us': CPU microseconds per request, or per event where streams are paced."""
    name: str
    what: str
    n: int                     # requests of a fast proxy in one run
    kind: str = "cpu"          # cpu, idle, start, rest, latency, event
    unit: str = "us"
    body: str = "half"
    conns: int = 64
    way: str = "plain"         # plain, trickle, tls, translate
    stream: bool = False
    script: dict = field(default_factory=dict)
    per: int = 1               # what the cost is divided by, besides requests
    slow_n: int = 0            # requests of a slow proxy; 0: it is left out
    slow_conns: int = 16
    rounds: int = 0            # 0: as many as asked for
    nginx: float = 0           # gate: at most so much of nginx's best state
    relay: float = 0           # gate: at most so much of the relay, plus 1 us


PACED = {"events": 100, "every_us": 20000}

ROWS = [
    Row("0.5k", "0.5 KB, 64 connections", 30000, slow_n=300, nginx=0.75, relay=1.15),
    Row("4k", "4 KB, 64 connections", 30000, body="4k", slow_n=300, nginx=0.75, relay=1.15),
    Row("64k", "64 KB, 64 connections", 6000, body="64k", slow_n=100, nginx=1.0),
    Row("1m", "1 MB, 64 connections", 400, body="1m", slow_n=32, nginx=1.1),
    Row("0.5k-1000", "0.5 KB, 1,000 connections", 30000, conns=1000, nginx=0.65),
    Row("4k-tls", "4 KB, TLS to the provider", 20000, body="4k", way="tls", nginx=0.75),
    Row("burst-100", "stream of 100 events at once", 6000, stream=True, slow_n=64, nginx=0.5),
    Row("burst-1000", "stream of 1,000 events at once", 1000, stream=True, script={"events": 1000},
        slow_n=16, nginx=0.5),
    Row("trickle-1000", "one event of 1,000 streams, 20 ms apart", 1000, conns=1000, way="trickle",
        stream=True, script=PACED, per=100, rounds=3, nginx=0.85),
    Row("trickle-64", "one event of 64 streams, 20 ms apart", 64, way="trickle", stream=True,
        script=PACED, per=100, rounds=3, nginx=0.85),
    Row("translate-0.5k", "0.5 KB, OpenAI to Anthropic; nginx and relay do nothing", 30000,
        way="translate", slow_n=300, nginx=1.0),
    Row("translate-4k", "4 KB, OpenAI to Anthropic; nginx and relay do nothing", 30000, body="4k",
        way="translate", slow_n=300, nginx=1.0),
    Row("idle-1000", "memory per idle open stream, at 1,000", 1000, kind="idle", unit="KB", stream=True,
        way="trickle", script={"hold": 2}, rounds=1),
    Row("idle-9500", "memory per idle open stream, at as many as descriptors allow", 9500, kind="idle",
        unit="KB", stream=True, way="trickle", script={"hold": 2}, rounds=1),
    Row("rest", "resident memory after the first answer", 0, kind="rest", unit="KB", slow_n=1, rounds=1),
    Row("start", "start to first answer", 0, kind="start", unit="ms", slow_n=1, rounds=3),
    Row("latency-0.5k", "added to a direct call, 0.5 KB, one in flight, one core", 5000, kind="latency",
        conns=1, slow_n=100, slow_conns=1),
    Row("latency-4k", "added to a direct call, 4 KB, one in flight, one core", 5000, kind="latency",
        body="4k", conns=1, slow_n=100, slow_conns=1),
    Row("event", "added to an event of 16 streams, 5 ms apart, one core", 32, kind="event", conns=16,
        way="trickle", stream=True, script={"events": 100, "every_us": 5000}, rounds=3),
]
