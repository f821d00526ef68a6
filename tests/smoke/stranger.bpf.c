// An XDP program that is not Pollux's: passes every frame.
__attribute__((section("xdp"), used)) int stranger(void* context) {
  (void)context;
  return 2;  // XDP_PASS
}
