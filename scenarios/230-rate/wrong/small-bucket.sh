# A bucket that holds less than a packet lets none of them through, and without answers TCP does not send either.
# expect-fail: down, up, up-host
tc qdisc add dev c1 root tbf rate 2mbit burst 1000 latency 50ms
