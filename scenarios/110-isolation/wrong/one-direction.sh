# "New connections from blue to green": green may still begin.
# expect-fail: green-blue, green-blue2
nft add table ip filter
nft add chain ip filter forward '{ type filter hook forward priority filter; }'
nft add rule ip filter forward iifname blue oifname green ct state new drop
bridge link set dev b1 isolated on
bridge link set dev b2 isolated on
