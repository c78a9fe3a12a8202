# expect-fail: forwarding, out1, out2, d1, back
nft add table ip nat
nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'
nft add rule ip nat postrouting ip saddr 10.0.0.0/24 oifname "up" masquerade
