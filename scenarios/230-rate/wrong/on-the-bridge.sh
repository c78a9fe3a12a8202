# Only what the host itself sends leaves by the bridge's own link.
# expect-fail: down, up, up-host
tc qdisc add dev lan root tbf rate 2mbit burst 32kb latency 50ms
