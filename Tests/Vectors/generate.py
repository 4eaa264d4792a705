#!/usr/bin/env python3
"""Writes the vectors beside it. Deterministic: the keys' seeds are fixed. Needs python3-cryptography; the tests do not."""
import base64, hashlib, json, os
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

here = os.path.dirname(os.path.abspath(__file__))


class Key:
    def __init__(self, name, key_id=None):
        seed = hashlib.sha256(b"fdl vector key " + name.encode()).digest()
        self.secret = Ed25519PrivateKey.from_private_bytes(seed)
        self.raw = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = key_id or hashlib.sha256(self.raw).digest()[:8]
        self.line = line(self.raw, self.id)
        self.shown = self.id[::-1].hex().upper()

    def sign(self, message, comment="timestamp:1795341600\tfile:m.json\thashed", algorithm=b"ED", key_id=None):
        digest = hashlib.blake2b(message).digest() if algorithm == b"ED" else message
        signature = self.secret.sign(digest)
        outer = self.secret.sign(signature + comment.encode())
        b64 = lambda b: base64.b64encode(b).decode()
        return (f"untrusted comment: signature from a vector\n{b64(algorithm + (key_id or self.id) + signature)}\n"
                f"trusted comment: {comment}\n{b64(outer)}\n")


def line(raw, key_id=b"12345678", algorithm=b"Ed"):
    return base64.b64encode(algorithm + key_id + raw).decode()


def write(name, cases):
    with open(os.path.join(here, name + ".json"), "w") as file:
        json.dump({"cases": cases}, file, indent=1, ensure_ascii=True)
        file.write("\n")


def case(name, valid, reason="", says="", **members):
    assert valid or (reason and says), name
    return {"name": name, "valid": valid, "reason": reason, "says": says, **members}


a, b, c, fresh, thief = (Key(n) for n in ["a", "b", "c", "fresh", "thief"])
digest = "ab" * 32

# --- manifests
def manifest(**changes):
    fields = {
        "format": '"fdl-manifest-v1"', "name": '"tool"', "version": "5", "created": '"2026-11-22T10:00:00Z"',
        "hash": '"sha256"', "chunkSize": "65536", "files": files("data"),
    }
    fields.update(changes)
    return "{" + ", ".join(f'"{k}": {v}' for k, v in fields.items() if v is not None) + "}"


def files(*paths, size=10, chunks=(digest,)):
    listed = ", ".join('"%s"' % d for d in chunks)
    return "[" + ", ".join(f'{{"path": "{p}", "size": {size}, "executable": false, "chunks": [{listed}]}}' for p in paths) + "]"


cases = [
    case("plain", True, text=manifest()),
    case("unknown members are passed over", True, text=manifest(later='{"x": [1, null, true, "y"]}')),
    case("white space around it", True, text=" \n" + manifest() + "\t\n"),
    case("an empty file has no chunks", True, text=manifest(files=files("e", size=0, chunks=()))),
    case("a name written with an escape", True, text=manifest(name='"t\\u006fol"')),
    case("expires", True, text=manifest(expires='"2027-11-22T10:00:00Z"')),
    case("the highest version", True, text=manifest(version=str(2**53 - 1))),
]
bad = [
    ("another format", {"format": '"fdl-manifest-v2"'}, "format is not known", "format"),
    ("no format", {"format": None}, "format is required", "lacks the field"),
    ("no name", {"name": None}, "name is required", "lacks the field"),
    ("another hash", {"hash": '"md5"'}, "hash is not known", "hash"),
    ("version 0", {"version": "0"}, "versions begin at 1", "version"),
    ("version 2^53", {"version": str(2**53)}, "not every double can hold it", "version"),
    ("version with a fraction", {"version": "5.0"}, "not written as a whole number", "whole number"),
    ("version with an exponent", {"version": "5e0"}, "not written as a whole number", "whole number"),
    ("version as a string", {"version": '"5"'}, "a string is no number", "whole number"),
    ("30 February", {"created": '"2026-02-30T10:00:00Z"'}, "there is no such day", "created"),
    ("a time with an offset", {"created": '"2026-11-22T10:00:00+00:00"'}, "times are in UTC, with Z", "created"),
    ("a time with a fraction", {"created": '"2026-11-22T10:00:00.5Z"'}, "times have whole seconds", "created"),
    ("a leap second", {"created": '"2026-12-31T23:59:60Z"'}, "seconds end at 59", "created"),
    ("a name with a slash", {"name": '"a/b"'}, "not a character of names", "name"),
    ("the name index", {"name": '"index"'}, "a tree has it for itself", "name"),
    ("a name that ends in .fresh", {"name": '"a.fresh"'}, "a tree has it for itself", "name"),
    ("an empty name", {"name": '""'}, "names have a character at least", "name"),
    ("chunk size no power of two", {"chunkSize": "65537"}, "not a power of two", "chunkSize"),
    ("chunk size 32 KiB", {"chunkSize": "32768"}, "less than 64 KiB", "chunkSize"),
    ("no files", {"files": "[]"}, "a manifest lists a file at least", "no files"),
    ("a digest in capitals", {"files": files("d", chunks=(digest.upper(),))}, "digests are lowercase", "digest"),
    ("too few chunks", {"files": files("d", size=70000)}, "the size makes two chunks", "chunks"),
    ("too many chunks", {"files": files("d", chunks=(digest, digest))}, "the size makes one chunk", "chunks"),
    ("a negative size", {"files": files("d", size=-1, chunks=())}, "sizes are not negative", "negative"),
    ("an absolute path", {"files": files("/etc/passwd")}, "paths are relative", "path"),
    ("a path with ..", {"files": files("a/../b")}, "paths stay below", "path"),
    ("a path with an empty part", {"files": files("a//b")}, "parts are not empty", "path"),
    ("a path with a backslash", {"files": files("a\\\\b")}, "a separator elsewhere", "path"),
    ("a path with NUL", {"files": files("a\\u0000b")}, "no file system has it", "path"),
    ("two files of one path", {"files": files("a", "a")}, "they cannot both be there", "twice"),
    ("a path inside a file", {"files": files("a", "a/b")}, "a file is no directory", "inside"),
    ("a source without TLS", {"sources": '[{"kind": "worker", "url": "http://a.example/"}]'}, "https alone", "source"),
    ("a source with a query", {"sources": '[{"kind": "worker", "url": "https://a.example/?q"}]'}, "a token there would be public", "source"),
]
cases += [case(n, False, r, s, text=manifest(**ch)) for n, ch, r, s in bad]
cases += [
    case("a name twice", False, "two readers may take different ones", "twice", text=manifest().replace('"hash"', '"hash": "sha256", "hash"')),
    case("a name twice, one with an escape", False, "it is the same name", "twice", text=manifest().replace('"hash"', '"h\\u0061sh": "sha256", "hash"')),
    case("something after it", False, "one value and no more", "follows the end", text=manifest() + "{}"),
    case("cut off", False, "it ends too early", "ends too early", text=manifest()[:-5]),
    case("a trailing comma", False, "not JSON", "not JSON", text=manifest().replace("]}", "],}", 1)),
    case("half of a surrogate pair", False, "no character", "surrogate", text=manifest(x='"\\ud800"')),
    case("a control character", False, "has to be escaped", "control character", text=manifest(x='"\t"')),
    case("a number that begins with 0", False, "not JSON", "begins with 0", text=manifest(x="05")),
    case("nested 40 deep", False, "32 is the limit", "too deep", text=manifest(x="[" * 40 + "]" * 40)),
    case("no object", False, "an object is wanted", "not an object", text="[]"),
    case("empty", False, "it ends too early", "ends too early", text=""),
]
write("manifests", cases)

# --- keys
def point(hexadecimal):
    return line(bytes.fromhex(hexadecimal))


p = 2**255 - 19
write("keys", [
    case("a key", True, line=a.line),
    case("another", True, line=b.line),
    case("RFC 8032, test 1", True, line=point("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")),
    case("order 1", False, "anybody can sign for it", "small order", line=point("01" + "00" * 31)),
    case("order 2", False, "anybody can sign for it", "small order", line=line((p - 1).to_bytes(32, "little"))),
    case("order 4", False, "anybody can sign for it", "small order", line=point("00" * 32)),
    case("order 4, the other", False, "anybody can sign for it", "small order", line=point("00" * 31 + "80")),
    case("order 8", False, "anybody can sign for it", "small order", line=point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
    case("order 8, another", False, "anybody can sign for it", "small order", line=point("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")),
    case("not on the curve", False, "no x fits this y", "not on the curve", line=point("02" + "00" * 31)),
    case("y is p", False, "0 has a shorter encoding", "not on the curve", line=line(p.to_bytes(32, "little"))),
    case("y is p + 3", False, "3 has a shorter encoding", "not on the curve", line=line((p + 3).to_bytes(32, "little"))),
    case("another algorithm", False, "Ed is wanted", "not an Ed25519 key", line=line(a.raw, algorithm=b"ED")),
    case("31 bytes", False, "32 are wanted", "bytes", line=line(a.raw[:31])),
    case("no padding", False, "not the base64 of RFC 4648", "base64", line=line(a.raw)[:-1]),
    case("stray bits", False, "not the base64 of RFC 4648", "base64", line=base64.b64encode(b"Ed12345678" + a.raw + b"\0").decode()[:-2] + "B="),
])

# --- signatures
message = manifest()
m = message.encode()
good = a.sign(m)
lines = good.split("\n")
impostor = Key("b", key_id=a.id)
flipped = base64.b64encode(bytes([base64.b64decode(lines[3])[0] ^ 1]) + base64.b64decode(lines[3])[1:]).decode()
write("signatures", [
    case("a signature", True, message=message, signature=good, keys=[a.line]),
    case("among several keys", True, message=message, signature=good, keys=[b.line, a.line]),
    case("two keys of one id", True, message=message, signature=good, keys=[impostor.line, a.line]),
    case("lines that end in CR LF", True, message=message, signature=good.replace("\n", "\r\n"), keys=[a.line]),
    case("another untrusted comment", True, message=message, signature=good.replace("from a vector", "of anything"), keys=[a.line]),
    case("with the digest in the comment", True, message=message, signature=a.sign(m, "timestamp:1\tfile:m\thashed\tsha256:" + hashlib.sha256(m).hexdigest()), keys=[a.line]),
    case("an empty message", True, message="", signature=a.sign(b""), keys=[a.line]),
    case("another message", False, "it was signed of other bytes", "does not match", message=message + " ", signature=good, keys=[a.line]),
    case("another key", False, "nobody accepts the key", "not among the trusted", message=message, signature=good, keys=[b.line]),
    case("another key of the same id", False, "the id is anybody's to choose", "does not match", message=message, signature=good, keys=[impostor.line]),
    case("the trusted comment changed", False, "the second signature covers it", "trusted comment", message=message, signature=good.replace("timestamp:17", "timestamp:18"), keys=[a.line]),
    case("the second signature changed", False, "it covers the comment", "trusted comment", message=message, signature=good.replace(lines[3], flipped), keys=[a.line]),
    case("not prehashed", False, "minisign's old kind", "old kind", message=message, signature=a.sign(m, algorithm=b"Ed"), keys=[a.line]),
    case("cut off", False, "four lines are wanted", "cut short", message=message, signature="\n".join(lines[:3]) + "\n", keys=[a.line]),
    case("a fifth line", False, "four lines are wanted", "more than four lines", message=message, signature=good + "x\n", keys=[a.line]),
    case("empty", False, "four lines are wanted", "empty", message=message, signature="", keys=[a.line]),
    case("the first line is no comment", False, "it says that it is untrusted", "untrusted comment", message=message, signature=good.replace("untrusted ", "", 1), keys=[a.line]),
    case("base64 without padding", False, "not the base64 of RFC 4648", "base64", message=message, signature=good.replace(lines[3], lines[3][:-1]), keys=[a.line]),
])

# --- statements: chains of them
def statement(version=1, keys=((a, ["sign"]),), threshold=1, **changes):
    listed = []
    for entry in keys:
        key, roles = entry[0], entry[1]
        until = ', "until": ' + json.dumps(entry[2]) if len(entry) > 2 else ""
        listed.append(f'{{"key": "{key.line}", "roles": {json.dumps(roles)}{until}}}')
    fields = {
        "format": '"fdl-publisher-v1"', "name": '"acme"', "version": str(version), "created": '"2026-11-22T10:00:00Z"',
        "keys": "[" + ", ".join(listed) + "]", "threshold": str(threshold),
    }
    fields.update(changes)
    return "{" + ", ".join(f'"{k}": {v}' for k, v in fields.items() if v is not None) + "}"


def step(text, *signers):
    return {"text": text, "signatures": [s.sign(text.encode()) for s in signers]}


both = ((a, ["sign"]), (b, ["sign"]))
aged = {"expires": '"2027-11-22T10:00:00Z"', "freshness": '{"maximumAge": 604800}'}
chain = lambda name, valid, reason="", says="", pinned=None, next=(): case(
    name, valid, reason, says, pinned=pinned or statement(), next=list(next))
write("statements", [
    chain("one key", True),
    chain("threshold 1 if absent", True, pinned=statement().replace(', "threshold": 1', '')),
    chain("unknown members and roles", True, pinned=statement(keys=((a, ["sign", "later"]),), more="[1]")),
    chain("freshness", True, pinned=statement(keys=((a, ["sign"]), (fresh, ["fresh"])), **aged)),
    chain("a retired key", True, pinned=statement(keys=((a, ["sign"]), (b, ["sign"], {"tool": 7})))),
    chain("a key is added", True, next=[step(statement(2, both), a)]),
    chain("the key changes", True, next=[step(statement(2, ((b, ["sign"]),)), a, b)]),
    chain("three steps", True, next=[
        step(statement(2, both), a), step(statement(3, both, 2), a, b), step(statement(4, ((b, ["sign"]), (c, ["sign"])), 2), a, b, c)]),
    chain("a signature too many is passed over", True, next=[step(statement(2, both), thief, a)]),
    chain("no format", False, "format is required", "lacks the field", pinned=statement(format=None)),
    chain("another format", False, "format is not known", "fdl-publisher-v2", pinned=statement(format='"fdl-publisher-v2"')),
    chain("no keys", False, "no key signs", "names 0 keys", pinned=statement(keys=())),
    chain("a key twice", False, "it would count twice", "twice", pinned=statement(keys=((a, ["sign"]), (a, ["fresh"])))),
    chain("two keys of one id", False, "an id means one key", "twice", pinned=statement(keys=((a, ["sign"]), (impostor, ["sign"])))),
    chain("threshold 0", False, "nobody has to sign", "takes 0", pinned=statement(threshold=0)),
    chain("a threshold that cannot be met", False, "there are fewer keys", "takes 2", pinned=statement(threshold=2)),
    chain("a retired key meets no threshold", False, "it signs nothing", "takes 2", pinned=statement(keys=((a, ["sign"]), (b, ["sign"], {})), threshold=2)),
    chain("a fresh key meets no threshold", False, "it signs no statement", "names 0 keys", pinned=statement(keys=((fresh, ["fresh"]),))),
    chain("freshness without a key for it", False, "nobody can give it", "no key for it", pinned=statement(**aged)),
    chain("freshness without expires", False, "expires is required then", "does not expire", pinned=statement(keys=((a, ["sign"]), (fresh, ["fresh"])), freshness='{"maximumAge": 1}')),
    chain("maximumAge 0", False, "nothing is that fresh", "maximumAge", pinned=statement(keys=((a, ["sign"]), (fresh, ["fresh"])), expires='"2027-11-22T10:00:00Z"', freshness='{"maximumAge": 0}')),
    chain("a name twice", False, "two readers may take different ones", "twice", pinned=statement().replace('"threshold"', '"threshold": 1, "threshold"')),
    chain("a key of small order", False, "anybody can sign for it", "small order", pinned=statement().replace(a.line, point("01" + "00" * 31))),
    chain("a version is skipped", False, "statements follow without a gap", "version 3", next=[step(statement(3, both), a)]),
    chain("the version does not grow", False, "it is not the next", "has been seen", next=[step(statement(1, both), a)]),
    chain("another name", False, "it is another publisher's", "emca", next=[step(statement(2, both, name='"emca"'), a)]),
    chain("no signature", False, "the keys before have to sign", "keys of the one before", next=[step(statement(2, both))]),
    chain("signed by the new key alone", False, "the keys before have to sign", "keys of the one before", next=[step(statement(2, both), b)]),
    chain("lacks the new threshold", False, "its own keys have to sign", "its own keys", next=[step(statement(2, both, 2), a)]),
    chain("signed twice by one key", False, "distinct keys count", "keys of the one before", pinned=statement(keys=both, threshold=2), next=[step(statement(2, both, 2), a, a)]),
    chain("signed by a removed key", False, "it counts no longer", "keys of the one before", next=[step(statement(2, ((b, ["sign"]),)), a, b), step(statement(3, both), a)]),
    chain("signed by a retired key", False, "it signs nothing any more", "keys of the one before", pinned=statement(keys=((a, ["sign"]), (b, ["sign"], {"tool": 7}))), next=[step(statement(2, both), b)]),
    chain("signed by the fresh key", False, "it is for freshness alone", "keys of the one before", pinned=statement(keys=((a, ["sign"]), (fresh, ["fresh"])), **aged), next=[step(statement(2, both), fresh)]),
])

# --- freshness
def word(**changes):
    fields = {
        "format": '"fdl-fresh-v1"', "name": '"tool"', "version": "5", "sha256": '"%s"' % hashlib.sha256(m).hexdigest(),
        "publisherVersion": "1", "created": '"2026-11-29T10:00:00Z"', "expires": '"2026-12-06T10:00:00Z"',
    }
    fields.update(changes)
    return "{" + ", ".join(f'"{k}": {v}' for k, v in fields.items() if v is not None) + "}"


publisher = statement(keys=((a, ["sign"]), (fresh, ["fresh"])), **aged)
def freshness(name, valid, reason="", says="", text=None, key=fresh, now="2026-11-30T10:00:00Z"):
    text = text or word()
    return case(name, valid, reason, says, text=text, signature=key.sign(text.encode()), manifest=message,
                manifestSignature=a.sign(m), publisher=publisher, now=now)


write("freshness", [
    freshness("fresh", True),
    freshness("nearly too old", True, now="2026-12-06T09:59:59Z"),
    freshness("unknown members", True, text=word(later="1")),
    freshness("too old", False, "older than maximumAge", "8 days old", text=word(expires='"2027-12-06T10:00:00Z"'), now="2026-12-07T10:00:01Z"),
    freshness("expired", False, "its own date is over", "expired", text=word(expires='"2026-11-30T10:00:00Z"')),
    freshness("of the day after tomorrow", False, "a day ahead at most", "clock", now="2026-11-28T09:59:59Z"),
    freshness("signed by the manifest's key", False, "it has not the role", "has not named for that", key=a),
    freshness("signed by a stranger", False, "nobody named the key", "has not named for that", key=thief),
    freshness("of another name", False, "it is of another manifest", "of other", text=word(name='"other"')),
    freshness("of a newer version", False, "the manifest is not the newest", "version 6 is the newest", text=word(version="6")),
    freshness("of other bytes", False, "the manifest is not the newest", "SHA-256", text=word(sha256='"%s"' % digest)),
    freshness("after a later statement", False, "the reader has to get it first", "version 2 by now", text=word(publisherVersion="2")),
    freshness("no publisherVersion", False, "it is required", "lacks the field", text=word(publisherVersion=None)),
    freshness("no expires", False, "it is required", "lacks the field", text=word(expires=None)),
    freshness("another format", False, "format is not known", "fdl-fresh-v2", text=word(format='"fdl-fresh-v2"')),
    freshness("a name twice", False, "two readers may take different ones", "twice", text=word().replace('"version"', '"version": 5, "version"')),
])
