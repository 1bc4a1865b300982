#include "gateway/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tidegate {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error(Reason::bad_field);
  return number / 2;
}

TEST(Result, HoldsAValue) {
  const Result<int> result = half(8);
  ASSERT_TRUE(result);
  EXPECT_EQ(result.value(), 4);
}

TEST(Result, HoldsAnError) {
  const Result<int> result = half(7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), Error(Reason::bad_field));
}

TEST(Result, LetsItsValueBeChangedAndTakenAway) {
  Result<std::unique_ptr<std::string>> result(std::make_unique<std::string>("a"));
  *result.value() += "b";
  const std::unique_ptr<std::string> taken = std::move(result).value();
  EXPECT_EQ(*taken, "ab");
}

TEST(Result, OfAnErrorLikeValueIsStillAValue) {
  const Status fine = Done{};
  const Status broken = Error(Reason::internal);
  EXPECT_TRUE(fine);
  EXPECT_FALSE(broken);
}

}  // namespace
}  // namespace tidegate
