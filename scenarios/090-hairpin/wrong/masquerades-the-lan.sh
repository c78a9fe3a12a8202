# expect-fail: neighbour, direct
bridge link set dev c1 hairpin on
nft add rule ip nat postrouting ip saddr 10.0.0.0/24 ip daddr 10.0.0.0/24 masquerade
