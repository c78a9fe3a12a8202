# Works, and every visitor is 10.0.0.1.
# expect-fail: real-client
nft add chain ip nat prerouting '{ type nat hook prerouting priority dstnat; }'
nft add rule ip nat prerouting ip daddr 203.0.113.2 tcp dport 8080 dnat to 10.0.0.2:80
nft add rule ip filter forward ct status dnat accept
nft add rule ip nat postrouting masquerade
