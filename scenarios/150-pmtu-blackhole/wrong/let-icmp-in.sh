# The right message, let through at the wrong place: it is never sent.
# expect-fail: narrowest, c1-download, c2-download
mkdir -p /run/lab/answers
echo 1500 > /run/lab/answers/narrowest
# on: r1
nft add table ip filter
nft add chain ip filter forward '{ type filter hook forward priority filter; }'
nft add rule ip filter forward icmp type destination-unreachable accept
