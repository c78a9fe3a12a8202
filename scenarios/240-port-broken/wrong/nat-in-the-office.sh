# All desks behind one address, by a router that is not ours.
# expect-fail: way
# expect-guard: no-nat
# on: gw
nft add table ip nat
nft 'add chain ip nat post { type nat hook postrouting priority srcnat; }'
nft add rule ip nat post oifname eth1 masquerade
