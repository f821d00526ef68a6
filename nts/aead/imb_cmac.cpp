#include "nts/aead/imb_cmac.h"

namespace pollux::nts {

namespace {

constexpr Block kZeroBlock{};

// From so many whole blocks on, CBC with its work for each message is faster than calls for single
// blocks, lane by lane.
constexpr std::size_t kBlocksForCbc = 7;

// The last block of a message, of which `octets` are in it, made ready for its encryption. `last`
// begins with them.
Vector closed(const ImbCmacKey& key, Vector last, std::size_t octets) noexcept {
  return octets == kBlockLength ? last ^ key.full : last ^ padding(octets) ^ key.partial;
}

}  // namespace

void ImbCmacLane::set(const ImbCmacKey& key, std::span<const std::byte> message) noexcept {
  key_ = &key;
  blocks_ = message.data();
  whole_ = message.empty() ? 0 : (message.size() - 1) / kBlockLength;
  tail_count_ = 1;
  const std::size_t octets = message.size() - whole_ * kBlockLength;
  const Vector last =
      message.size() < kBlockLength ? load_part(message) : load_end(message, octets);
  tail_[0] = closed(key, last, octets);
}

void ImbCmacLane::set_with_sum(const ImbCmacKey& key, std::span<const std::byte> plaintext,
                               Vector sum) noexcept {
  key_ = &key;
  blocks_ = plaintext.data();
  whole_ = 0;
  tail_count_ = 1;
  if (plaintext.size() < kBlockLength) {
    const Vector text = load_part(plaintext) ^ padding(plaintext.size());
    tail_[0] = text ^ doubled(sum) ^ key.full;
    return;
  }
  whole_ = plaintext.size() / kBlockLength - 1;
  const std::byte* const rest = plaintext.data() + whole_ * kBlockLength;
  const std::size_t octets = plaintext.size() % kBlockLength;  // behind the last whole block
  if (octets == 0) {
    tail_[0] = load_block(rest) ^ sum ^ key.full;
    return;
  }
  tail_count_ = 2;
  tail_[0] = load_block(rest) ^ moved_back(sum, octets);
  const Vector end = load_end(plaintext, octets) ^ moved_forward(sum, kBlockLength - octets);
  tail_[1] = closed(key, end, octets);
}

void ImbCmac::add_subkeys(ImbCmacKey& key) const noexcept {
  key.full = doubled(manager_.encrypted(key.aes, zero_block()));
  key.partial = doubled(key.full);
}

Vector ImbCmac::of_short(const ImbCmacKey& key, std::span<const std::byte> message) const noexcept {
  const Vector block =
      message.size() == kBlockLength ? load_block(message.data()) : load_part(message);
  return manager_.encrypted(key.aes, closed(key, block, message.size()));
}

// Long messages by CBC, up to their changed blocks.
void ImbCmac::start(std::span<ImbCmacLane> lanes) noexcept {
  std::array<Ciphering, kLanes> messages;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const ImbCmacLane& lane = lanes[i];
    if (lane.whole_ < kBlocksForCbc) continue;
    messages[count++] = {.key = &lane.key_->aes,
                         .start = kZeroBlock.data(),
                         .in = lane.blocks_,
                         .out = chained_[i].data(),
                         .length = lane.whole_ * kBlockLength};
  }
  manager_.cbc(std::span{messages}.first(count));
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    ImbCmacLane& lane = lanes[i];
    const bool is_long = lane.whole_ >= kBlocksForCbc;
    lane.next_ = is_long ? lane.whole_ : 0;
    lane.state_ = load_block(lane.block(lane.next_++));
    if (is_long)
      lane.state_ = lane.state_ ^ load_block(chained_[i].data() + (lane.whole_ - 1) * kBlockLength);
  }
}

void ImbCmac::run(std::span<ImbCmacLane> lanes) noexcept {
  start(lanes);
  for (bool is_done = false; !is_done;) {
    is_done = true;
    for (ImbCmacLane& lane : lanes) {
      if (lane.next_ > lane.count()) continue;
      const bool is_last = lane.next_ == lane.count();
      manager_.encrypt_and_xor(lane.key_->aes, lane.state_,
                               is_last ? kZeroBlock.data() : lane.block(lane.next_));
      is_done = is_done && is_last;
      ++lane.next_;
    }
  }
}

}  // namespace pollux::nts
