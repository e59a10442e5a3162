#!/usr/bin/env python3
"""Enqueues one HaVIP without any Go: what a producer in another language has to do, and all of it.

    python3 enqueue.py --redis 127.0.0.1:6379 --batch tenants --key acme --name vip-acme --subnet sbn-dk8gl9bc

It prints the task's ID. Run again it changes nothing. The worker that takes the task enters its item in the
ledger, so `enqueue watch tenants` and `enqueue results tenants` know it from then on. What it cannot carry
out it archives with the reason: `enqueue doctor` shows it.

It needs Python 3.6 or newer, and nothing but its standard library.
"""

import argparse
import json
import os
import socket
import time
from urllib.parse import quote

TYPE = "havip:create"
MAX_RETRY = 1000  # the worker ends retries itself; asynq must not
TIMEOUT = 600  # seconds

# What asynq does to enqueue: https://github.com/hibiken/asynq, internal/rdb/rdb.go, enqueueCmd.
ENQUEUE = """
if redis.call("EXISTS", KEYS[1]) == 1 then return 0 end
redis.call("HSET", KEYS[1], "msg", ARGV[1], "state", "pending", "pending_since", ARGV[2])
redis.call("LPUSH", KEYS[2], ARGV[3])
return 1
"""


def payload(args):
    """The contract: version 1 of the content of a task. Fields that a worker does not know are ignored."""
    return json.dumps(
        {
            "v": 1,
            "batch": args.batch,
            "key": args.key,
            "account": args.account,
            "region": args.region,
            "clientToken": "",  # derived by the worker, from batch and key
            "request": {
                "name": args.name,
                "subnetId": args.subnet,
                "privateIpAddress": args.ip,
                "description": args.description,
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def task_id(batch, key, generation=1):
    """One task an item: asynq refuses a second one while the first is in the queue."""
    return "/".join([quote(batch, safe="$&+:=@~"), quote(key, safe="$&+:=@~"), str(generation)])


def varint(n):
    low, n = n & 0x7F, n >> 7
    return bytes([low]) if n == 0 else bytes([low | 0x80]) + varint(n)


def field(number, value):
    """A field of a protobuf message: text and bytes by their length, numbers as they are."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value if isinstance(value, bytes) else value.encode()
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(content, id, queue):
    """asynq's TaskMessage: https://github.com/hibiken/asynq, internal/proto/asynq.proto."""
    return b"".join(
        [field(1, TYPE), field(2, content), field(3, id), field(4, queue), field(5, MAX_RETRY), field(8, TIMEOUT)]
    )


class Redis:
    """As much of Redis's protocol as it takes to ask one thing after another."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.replies = self.socket.makefile("rb")

    def ask(self, *words):
        command = b"*%d\r\n" % len(words)
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            command += b"$%d\r\n%s\r\n" % (len(data), data)
        self.socket.sendall(command)
        return self.answer()

    def answer(self):
        line = self.replies.readline()
        if not line.endswith(b"\r\n"):
            raise SystemExit("redis: the connection ended; run the same command again, it changes nothing twice")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise SystemExit("redis: " + rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest.decode()
        raise SystemExit("redis: an answer that was not asked for: %r" % line)


def enqueue(redis, args):
    queue = "havip.%s.%s" % (args.account, args.region)
    id = task_id(args.batch, args.key)
    prefix = "asynq:{%s}:" % queue
    redis.ask("SADD", "asynq:queues", queue)
    now = time.time_ns() if hasattr(time, "time_ns") else int(time.time() * 1e9)
    redis.ask("EVAL", ENQUEUE, 2, prefix + "t:" + id, prefix + "pending", message(payload(args), id, queue), now, id)
    return id


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redis", default="127.0.0.1:6379", help="host:port; a password is taken from $REDIS_PASSWORD")
    for name in ["batch", "name", "subnet"]:
        parser.add_argument("--" + name, required=True)
    for name, default in [("key", ""), ("ip", ""), ("description", ""), ("account", "default"), ("region", "bj")]:
        parser.add_argument("--" + name, default=default)
    args = parser.parse_args()
    args.key = args.key or args.name
    redis = Redis(args.redis)
    if os.environ.get("REDIS_PASSWORD"):
        redis.ask("AUTH", os.environ["REDIS_PASSWORD"])
    print(enqueue(redis, args))


if __name__ == "__main__":
    main()
