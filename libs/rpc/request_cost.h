#pragma once

#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message.h>

#include <cstddef>

namespace lmsmail::rpc {

// About how much memory, in bytes, the wire bytes of a `message` take once they are parsed, without
// parsing them. A value of google.protobuf.Struct takes two bytes on the wire and up to 200 in
// memory, so the size on the wire says little. Bytes that are no such message cost what precedes
// the fault. `message` is only asked for its type.
std::size_t ParsedBytes(google::protobuf::io::ZeroCopyInputStream& wire,
                        const google::protobuf::Message& message);

}  // namespace lmsmail::rpc
