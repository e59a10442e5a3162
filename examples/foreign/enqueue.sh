#!/bin/sh
# Enqueues one HaVIP with nothing but a POSIX shell and redis-cli: the same as enqueue.py beside it, which
# says more of each part.
#
#   ./enqueue.sh tenants vip-acme sbn-dk8gl9bc [redis-cli's options, such as -h 10.0.0.5 -p 6380]
#
# The item's key is its name. It prints the task's ID, and run again it changes nothing. A password goes
# into REDISCLI_AUTH, where no other user of the machine sees it.
set -eu
export LC_ALL=C # lengths are counted in bytes

if [ $# -lt 3 ]; then
  echo "usage: enqueue.sh BATCH NAME SUBNET [REDIS-CLI OPTIONS]" >&2
  exit 2
fi
batch=$1 name=$2 subnet=$3
shift 3
case $batch$name$subnet in
*['"\']* | *[[:cntrl:]]*)
  echo "enqueue.sh: this example knows no quotes, backslashes or control characters; enqueue.py does" >&2
  exit 2
  ;;
esac

queue=havip.default.bj
payload='{"v":1,"batch":"'$batch'","key":"'$name'","account":"default","region":"bj","clientToken":"",'
payload=$payload'"request":{"name":"'$name'","subnetId":"'$subnet'","privateIpAddress":"","description":""}}'

# escaped writes text as a task's ID holds it: unreserved characters as they are, the others as %XX.
escaped() {
  printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' '\n' | while read -r byte || [ "$byte" ]; do
    case $byte in
    '') ;;
    2[46bde] | 3[0-9ad] | 4? | 5[0-9af] | 6[1-9a-f] | 7[0-9ae]) printf "\\$(printf %03o "0x$byte")" ;;
    *) printf '%%%s' "$byte" | tr a-f A-F ;;
    esac
  done
}

# varint, text and number write the parts of a protobuf message.
varint() {
  n=$1
  while [ "$n" -gt 127 ]; do
    printf "\\$(printf %03o $((n % 128 + 128)))"
    n=$((n / 128))
  done
  printf "\\$(printf %03o "$n")"
}
text() { varint $(($1 * 8 + 2)) && varint ${#2} && printf %s "$2"; }
number() { varint $(($1 * 8)) && varint "$2"; }

id=$(escaped "$batch")/$(escaped "$name")/1
message() {
  text 1 havip:create && text 2 "$payload" && text 3 "$id" && text 4 "$queue" && number 5 1000 && number 8 600
}

script='if redis.call("EXISTS", KEYS[1]) == 1 then return 0 end
redis.call("HSET", KEYS[1], "msg", ARGV[3], "state", "pending", "pending_since", ARGV[2])
redis.call("LPUSH", KEYS[2], ARGV[1])
return 1'

# expect ends the script unless Redis has answered with a number: whether it did something is no error.
expect() {
  case $1 in
  0 | 1) ;;
  *)
    echo "redis: ${1:-no answer}; run the same command again, it changes nothing twice" >&2
    exit 1
    ;;
  esac
}

expect "$(redis-cli "$@" SADD asynq:queues "$queue" 2>&1)"
expect "$(message | redis-cli "$@" -x EVAL "$script" 2 "asynq:{$queue}:t:$id" "asynq:{$queue}:pending" "$id" "$(date +%s)000000000" 2>&1)"
echo "$id"
