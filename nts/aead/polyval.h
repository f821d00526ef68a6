// POLYVAL of RFC 8452 §3: a universal hash over GF(2^128). Takes the same time whatever key and
// message are: no branch and no table is indexed by them. Pure; belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nts/aead/block.h"

namespace pollux::nts {

class Polyval {
 public:
  explicit Polyval(const Block& key) noexcept;
  Polyval(const Polyval&) = delete;
  Polyval& operator=(const Polyval&) = delete;
  ~Polyval();  // wipes key and sum

  // The last block is filled up with zeros.
  void add(std::span<const std::byte> message) noexcept;

  [[nodiscard]] Block sum() const noexcept;

 private:
  // An element of the field: bit i of `low` is the coefficient of x^i, of `high` that of x^(64+i).
  struct Element {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };

  [[nodiscard]] static Element load(const std::byte* from) noexcept;
  void add_block(const std::byte* block) noexcept;

  Element key_;
  Element sum_;
};

}  // namespace pollux::nts
