// From an expected value to an exception, for what a program cannot start without. Any thread.
#pragma once

#include <expected>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace pollux::control {

// Throws std::runtime_error with the sentence.
template <typename T>
T value_or_throw(std::expected<T, std::string> result) {
  if (!result) throw std::runtime_error(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace pollux::control
