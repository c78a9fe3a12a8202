tc qdisc add dev c1 root tbf rate 2mbit burst 32kb latency 50ms
ip link add ifb0 type ifb
ip link set ifb0 up
tc qdisc add dev ifb0 root tbf rate 2mbit burst 32kb latency 50ms
tc qdisc add dev c1 ingress
tc filter add dev c1 parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev ifb0
