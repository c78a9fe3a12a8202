nft add chain ip nat output '{ type nat hook output priority -100; }'
nft add rule ip nat output ip daddr '{ 203.0.113.2, 127.0.0.1 }' tcp dport 8080 dnat to 10.0.0.2:80
nft add rule ip nat postrouting ip saddr 127.0.0.0/8 oifname "lan" masquerade
sysctl -qw net.ipv4.conf.lan.route_localnet=1
nft add table ip raw
nft add chain ip raw prerouting '{ type filter hook prerouting priority raw; }'
nft add rule ip raw prerouting iifname != "lo" ip daddr 127.0.0.0/8 drop
