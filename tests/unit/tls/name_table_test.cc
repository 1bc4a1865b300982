#include <gtest/gtest.h>

#include "gateway/tls/material.h"

namespace tidegate::tls {
namespace {

using Set = NameTable::Set;

Set found(const NameTable& table, std::string_view name) {
  const auto index = table.find(name);
  return index ? table.sets[*index] : Set{};
}

TEST(NameTable, PairsKindsOfKeysForTheSameNames) {
  const NameTable table = make_name_table(
      {{{"a.example", "b.example"}, EVP_PKEY_EC}, {{"a.example", "b.example"}, EVP_PKEY_RSA}});
  EXPECT_EQ(table.sets, std::vector<Set>({{0, 1}}));
  EXPECT_EQ(found(table, "b.example"), (Set{0, 1}));
}

TEST(NameTable, LetsTheFirstOfAKindWinAName) {
  const NameTable table =
      make_name_table({{{"a.example"}, EVP_PKEY_EC}, {{"a.example", "b.example"}, EVP_PKEY_EC}});
  EXPECT_EQ(found(table, "a.example"), Set{0});
  EXPECT_EQ(found(table, "b.example"), Set{1});
}

TEST(NameTable, DefaultsToTheFirstCertificateAndItsPair) {
  const NameTable table = make_name_table(
      {{{"z.example"}, EVP_PKEY_EC}, {{"a.example"}, EVP_PKEY_EC}, {{"z.example"}, EVP_PKEY_RSA}});
  EXPECT_EQ(table.sets.front(), (Set{0, 2}));
}

TEST(NameTable, DefaultsToACertificateWithoutNames) {
  const NameTable table = make_name_table({{{}, EVP_PKEY_EC}, {{"a.example"}, EVP_PKEY_EC}});
  EXPECT_EQ(table.sets.front(), Set{0});
  EXPECT_EQ(found(table, "a.example"), Set{1});
}

TEST(NameTable, MatchesWildcardsByOneLabel) {
  const NameTable table = make_name_table({{{"*.example.com"}, EVP_PKEY_EC}});
  EXPECT_TRUE(table.find("a.example.com"));
  EXPECT_FALSE(table.find("example.com"));
  EXPECT_FALSE(table.find("a.b.example.com"));
  EXPECT_FALSE(table.find(".example.com"));
  EXPECT_FALSE(table.find(""));
}

}  // namespace
}  // namespace tidegate::tls
