# The oath holds: no packet from 127.0.0.1 on a wire.
# expect-fail: localhost
nft add chain ip nat output '{ type nat hook output priority -100; }'
nft add rule ip nat output ip daddr '{ 203.0.113.2, 127.0.0.1 }' tcp dport 8080 dnat to 10.0.0.2:80
nft add rule ip nat postrouting ip saddr 127.0.0.0/8 oifname "lan" masquerade
