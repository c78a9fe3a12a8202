# It works until the customer types `tc qdisc del`.
# expect-fail: down
# expect-guard: inside
# on: c1
tc qdisc add dev eth0 root tbf rate 2mbit burst 32kb latency 50ms
