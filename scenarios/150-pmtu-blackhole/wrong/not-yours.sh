# The proper cure, on somebody else's machine.
# expect-fail: narrowest
# expect-guard: isp-filter
# on: isp
nft flush ruleset
