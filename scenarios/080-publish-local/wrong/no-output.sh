# One more rule in prerouting: the host's own packets never see it.
# expect-fail: own-address, localhost
nft add rule ip nat prerouting ip daddr 127.0.0.1 tcp dport 8080 dnat to 10.0.0.2:80
nft add rule ip nat postrouting ip saddr 127.0.0.0/8 oifname "lan" masquerade
