#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace lmsmail::audit {

// What a request is about, for the audit log: the `name` of the request or of the resource in it,
// its `parent`, or else the values of its enums, "lane: LANE_BULK". Empty if it has none of them.
// Never more than 200 octets, and nothing else, such as an address.
std::string ResourceOf(const google::protobuf::Message& request);

}  // namespace lmsmail::audit
