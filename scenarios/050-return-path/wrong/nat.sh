# Hides the fault: ext answers r1 now, and knows as little of the lan as before.
# expect-fail: where, arrives, route, client
# on: r1
nft add table ip nat
nft add chain ip nat post '{ type nat hook postrouting priority 100; }'
nft add rule ip nat post oifname up masquerade
