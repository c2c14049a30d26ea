#include "libs/protobuf/deterministic_bytes.h"

#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::protobuf {
namespace {

using google::protobuf::Struct;

TEST(DeterministicBytesTest, DoNotDependOnTheOrderOfInsertion) {
  constexpr int kKeys = 100;
  Struct upwards;
  Struct downwards;
  for (int i = 0; i < kKeys; ++i) {
    (*upwards.mutable_fields())["key" + std::to_string(i)].set_number_value(i);
    const int j = kKeys - 1 - i;
    (*downwards.mutable_fields())["key" + std::to_string(j)].set_number_value(j);
  }
  EXPECT_EQ(DeterministicBytes(upwards), DeterministicBytes(downwards));
}

TEST(DeterministicBytesTest, ContainTheWholeMessage) {
  Struct message;
  (*message.mutable_fields())["key"].set_string_value("value");
  Struct parsed;
  ASSERT_TRUE(parsed.ParseFromString(DeterministicBytes(message)));
  EXPECT_EQ(parsed.fields().at("key").string_value(), "value");
}

}  // namespace
}  // namespace lmsmail::protobuf
