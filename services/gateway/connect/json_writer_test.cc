#include "services/gateway/connect/json_writer.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <string>

#include "services/gateway/testing/sample.pb.h"

namespace lmsmail::gateway {
namespace {

using nlohmann::json;
using testing::Sample;

Sample Everything() {
  Sample sample;
  sample.set_display_name("Zoë \" \\ \x01 \xe2\x80\xa8");
  sample.set_flag(true);
  sample.set_count(std::numeric_limits<int>::min());
  sample.set_big_count(std::numeric_limits<std::int64_t>::min());
  sample.set_unsigned_count(std::numeric_limits<std::uint64_t>::max());
  sample.set_rate(1e-7);
  sample.set_data(std::string("\0\xff\xfe", 3));
  sample.set_colour(testing::COLOUR_RED);
  sample.mutable_inner()->set_rate(std::numeric_limits<double>::infinity());
  sample.add_list()->set_rate(std::numeric_limits<double>::quiet_NaN());
  sample.add_list();
  sample.add_numbers(0);
  (*sample.mutable_labels())["a"] = "";
  (*sample.mutable_by_number())[-7] = testing::COLOUR_UNSPECIFIED;
  sample.mutable_time()->set_seconds(1);
  sample.mutable_time()->set_nanos(5000);
  sample.mutable_duration()->set_nanos(-500'000'000);
  sample.mutable_mask()->add_paths("display_name");
  sample.mutable_mask()->add_paths("inner.big_count");
  auto& fields = *sample.mutable_context()->mutable_fields();
  fields["integer"].set_number_value(-149);
  fields["fraction"].set_number_value(0.1);
  fields["large"].set_number_value(1e300);
  fields["null"].set_null_value(google::protobuf::NULL_VALUE);
  fields["list"].mutable_list_value()->add_values()->set_bool_value(false);
  fields["object"].mutable_struct_value();
  sample.mutable_value()->set_string_value("x");
  sample.mutable_values();
  sample.mutable_any()->PackFrom(sample.duration());
  sample.mutable_right()->mutable_any()->PackFrom(sample.inner());
  sample.mutable_wrapped();
  sample.mutable_empty();
  sample.add_colours(testing::COLOUR_UNSPECIFIED);
  return sample;
}

TEST(JsonWriterTest, AgreesWithProtobuf) {
  for (const Sample& sample : {Everything(), Sample()}) {
    std::string expected;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(sample, &expected).ok());
    EXPECT_EQ(json(WriteJson(sample)), json::parse(expected));
  }
}

TEST(JsonWriterTest, KeepsWhatANewerServiceReturns) {
  Sample sample;
  sample.set_colour(static_cast<testing::Colour>(99));
  sample.mutable_any()->set_type_url("type.example/some.Unknown");
  sample.mutable_any()->set_value("\xff");
  EXPECT_EQ(
      json(WriteJson(sample)),
      json::parse(R"({"colour":99,"any":{"@type":"type.example/some.Unknown","value":"/w=="}})"));
}

}  // namespace
}  // namespace lmsmail::gateway
