# What leaves the host's link is what c1 receives: half of the task.
# expect-fail: up, up-host
tc qdisc add dev c1 root tbf rate 2mbit burst 32kb latency 50ms
