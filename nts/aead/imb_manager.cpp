#include "nts/aead/imb_manager.h"

#include <stdexcept>

namespace pollux::nts {

namespace {

// A way through the library: the processor's features that it takes for granted, which the library
// itself does not check before it uses them.
struct Way {
  IpsecMbPath path;
  const char* name;
  std::uint64_t features;
  void (*initialise)(IMB_MGR* manager);
};

// Best first. With lanes for 16 messages AVX-512 is no faster for kLanes of them: see
// docs/benchmarks.md.
constexpr std::array kWays{
    Way{IpsecMbPath::kAvx2, "AVX2", IMB_CPUFLAGS_AVX2, init_mb_mgr_avx2},
    Way{IpsecMbPath::kAvx, "AVX", IMB_CPUFLAGS_AVX, init_mb_mgr_avx},
    Way{IpsecMbPath::kSse, "SSE", IMB_CPUFLAGS_SSE, init_mb_mgr_sse},
    Way{IpsecMbPath::kAvx512, "AVX512", IMB_CPUFLAGS_AVX512, init_mb_mgr_avx512},
};

const Way& find_way(IpsecMbPath path, std::uint64_t features) {
  for (const Way& way : kWays)
    if ((path == IpsecMbPath::kBest || path == way.path) &&
        (features & way.features) == way.features)
      return way;
  throw std::runtime_error{path == IpsecMbPath::kBest
                               ? "ipsec-mb needs a processor with AES-NI, PCLMULQDQ and SSE4.2"
                               : "the processor lacks something for that path of ipsec-mb"};
}

}  // namespace

ImbManager::ImbManager(IpsecMbPath path) : manager_{alloc_mb_mgr(0)} {
  if (!manager_) throw std::runtime_error{"ipsec-mb gives no manager"};
  const Way& way = find_way(path, manager_->features);
  way.initialise(manager_.get());
  if (const int error = imb_get_errno(manager_.get()); error != 0)
    throw std::runtime_error{std::string{"ipsec-mb: "} + imb_get_strerror(error)};
  description_ = std::string{"ipsec-mb "} + imb_get_version_str() + ", " + way.name;
  expand_ = way.path == IpsecMbPath::kSse ? aes_keyexp_128_enc_sse : aes_keyexp_128_enc_avx;
  for (IMB_JOB& job : jobs_) {
    job.iv_len_in_bytes = kBlockLength;
    job.key_len_in_bytes = kAes128KeyLength;
  }
}

void ImbManager::burst(std::span<const Ciphering> messages, IMB_CIPHER_MODE mode) noexcept {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Ciphering& message = messages[i];
    IMB_JOB& job = jobs_[i];
    job.enc_keys = message.key->rounds.data();
    job.iv = octets(message.start);
    job.src = octets(message.in);
    job.dst = octets(message.out);
    job.msg_len_to_cipher_in_bytes = message.length;
  }
  const auto count = static_cast<std::uint32_t>(messages.size());
  if (count != 0 &&
      manager_->submit_cipher_burst_nocheck(manager_.get(), jobs_.data(), count, mode,
                                            IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES) != count)
    is_sound_ = false;
}

void ImbManager::ecb(const AesSchedule& key, std::span<std::byte> blocks) noexcept {
  IMB_JOB& job = *manager_->get_next_job(manager_.get());
  job.cipher_mode = IMB_CIPHER_ECB;
  job.cipher_direction = IMB_DIR_ENCRYPT;
  job.chain_order = IMB_ORDER_CIPHER_HASH;
  job.hash_alg = IMB_AUTH_NULL;
  job.enc_keys = key.rounds.data();
  job.key_len_in_bytes = kAes128KeyLength;
  job.iv_len_in_bytes = 0;
  job.src = octets(blocks.data());
  job.dst = octets(blocks.data());
  job.cipher_start_src_offset_in_bytes = 0;
  job.msg_len_to_cipher_in_bytes = blocks.size();
  const IMB_JOB* done = manager_->submit_job_nocheck(manager_.get());
  if (done == nullptr) done = manager_->flush_job(manager_.get());
  if (done == nullptr || done->status != IMB_STATUS_COMPLETED) is_sound_ = false;
}

Vector ImbManager::ghash(const Vector& key, std::span<const std::byte> blocks,
                         gcm_key_data& scratch) const noexcept {
  Vector sum = zero_block();
  manager_->ghash_pre(&key, &scratch);
  manager_->ghash(&scratch, blocks.data(), blocks.size(), &sum, sizeof sum);
  return sum;
}

}  // namespace pollux::nts
