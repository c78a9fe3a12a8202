# The server's SYN-ACK: limits what c1 sends, which was never the trouble.
# expect-fail: c1-download, c2-download
mkdir -p /run/lab/answers
echo 1280 > /run/lab/answers/narrowest
# on: r1
nft add table ip mangle
nft add chain ip mangle forward '{ type filter hook forward priority mangle; }'
nft add rule ip mangle forward iifname up tcp flags '& (syn | ack) == syn | ack' tcp option maxseg size set rt mtu
