#pragma once

#include <google/protobuf/message_lite.h>

#include <string>

namespace lmsmail::protobuf {

// Serializes `message` with the entries of maps in the order of their keys: equal messages have
// equal bytes in every process of one version. Use it for digests. SerializeAsString() writes maps
// in the order of their hash table.
std::string DeterministicBytes(const google::protobuf::MessageLite& message);

}  // namespace lmsmail::protobuf
