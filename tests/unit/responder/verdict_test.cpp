#include "dataplane/responder/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace pollux::responder {
namespace {

TEST(Verdict, NamesAndHelpAreUnique) {
  std::set<std::string_view> names;
  std::set<std::string_view> helps;
  for (const auto& verdict : kVerdicts) {
    EXPECT_TRUE(names.insert(verdict.name).second) << verdict.name;
    EXPECT_TRUE(helps.insert(verdict.help).second) << verdict.help;
    EXPECT_FALSE(verdict.help.empty()) << verdict.name;
  }
}

// Names become keys of a document and labels of a metric.
TEST(Verdict, NamesAreOfLowerCaseAndTellTheirKind) {
  for (const auto& verdict : kVerdicts) {
    EXPECT_TRUE(std::ranges::all_of(verdict.name, [](char letter) {
      return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
    })) << verdict.name;
    const std::string_view prefix = verdict.kind == VerdictKind::reply    ? "reply_"
                                    : verdict.kind == VerdictKind::kernel ? "to_"
                                                                          : "drop_";
    EXPECT_TRUE(verdict.name.starts_with(prefix)) << verdict.name;
  }
}

TEST(Verdict, InfoBelongsToItsVerdict) {
  EXPECT_EQ(info(Verdict::reply_plain).name, "reply_plain");
  EXPECT_EQ(info(Verdict::drop_host_limit).name, "drop_host_limit");
  EXPECT_TRUE(is_reply(Verdict::reply_echo));
  EXPECT_FALSE(is_reply(Verdict::to_kernel));
  EXPECT_FALSE(is_reply(Verdict::drop_mode));
  EXPECT_EQ(index(Verdict::drop_host_limit) + 1, kVerdictCount);
}

}  // namespace
}  // namespace pollux::responder
