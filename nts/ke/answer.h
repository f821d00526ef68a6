// From a good request to the octets of its answer: the client's keys, cookies around them, records.
// Worker thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "nts/core/aead.h"
#include "nts/core/ke_request.h"
#include "nts/core/ke_response.h"
#include "nts/ke/context.h"
#include "nts/ke/openssl_ptr.h"

namespace pollux::nts {

using AnswerBuffer = std::array<std::byte, kLargestResponse>;

struct Answer {
  std::span<const std::byte> octets;  // in the buffer
  std::size_t cookies = 0;
};

// Nothing where keys cannot be exported or cookies not be made: an internal error (RFC 8915
// §4.1.3). Keys are wiped before it returns.
[[nodiscard]] std::optional<Answer> make_answer(SSL& connection, const KeRequest& request,
                                                const Context& context, Aead& aead,
                                                AnswerBuffer& buffer) noexcept;

}  // namespace pollux::nts
