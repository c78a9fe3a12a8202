# expect-fail: greedy, each
# on: r1
nft flush chain ip filter forward
