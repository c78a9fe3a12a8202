# Now the readings go nowhere.
# expect-fail: forgotten, remembered, stored
ip link set old down
