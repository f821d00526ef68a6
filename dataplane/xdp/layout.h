// What the XDP program and its owner agree on: names and values, as plain C, because two compilers
// read it. Constants only.
#pragma once

// Of an own address: which frames to it are Pollux's.
enum {
  kXdpRequests = 1,   // NTP requests; all else is the kernel's, whose address it is too
  kXdpEverything = 2  // also ARP and neighbour discovery for it: the kernel does not have it
};

enum {
  kXdpMaximumAddresses = 128,  // of each family, twice the policy's: old ones beside new ones
  kXdpMaximumPorts = 16,
  kXdpMaximumVlans = 32,  // in the same way
  kXdpMaximumQueues = 128
};
