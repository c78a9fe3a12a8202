# expect-fail: loopback, self, program
ip netns add box
