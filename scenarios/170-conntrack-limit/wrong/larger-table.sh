# Another limit, and not ours to change.
# expect-fail: c1, c2, each
# on: r1
sysctl -w net.netfilter.nf_conntrack_max=1000000
