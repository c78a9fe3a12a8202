# expect-fail: ext-out, c2-out
nft add chain ip nat output '{ type nat hook output priority -100; }'
nft add rule ip nat output ip daddr '{ 203.0.113.2, 127.0.0.1 }' tcp dport 8080 dnat to 10.0.0.2:80
nft add rule ip nat postrouting ip saddr 127.0.0.0/8 oifname "lan" masquerade
sysctl -qw net.ipv4.conf.all.route_localnet=1
