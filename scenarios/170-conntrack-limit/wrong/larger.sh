# expect-fail: greedy, each
# on: r1
nft flush chain ip filter forward
nft add rule ip filter forward tcp dport 80 ct count over 100 drop
