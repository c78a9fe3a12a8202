# Safe, like a house without doors.
# expect-fail: blue-out, blue2-out, green-out
nft add table ip filter
nft add chain ip filter forward '{ type filter hook forward priority filter; policy drop; }'
bridge link set dev b1 isolated on
bridge link set dev b2 isolated on
