# Everything is gone, with the ghost.
# expect-fail: web
# expect-guard: blog, shop-rule, out, policy
nft flush ruleset
