# cmake -DOUT=header -DROOT=built_in "-DFILES=a;b" -P EmbedBuiltIn.cmake
#
# Writes the files below ROOT as an array of EmbeddedFile.
set(body "// Generated from services/template/built_in; do not edit.\n#pragma once\n\n")
string(APPEND body "#include \"services/template/domain/built_in_template.h\"\n\n")
string(APPEND body "namespace lmsmail::templates {\n\ninline constexpr EmbeddedFile kBuiltInFiles[] = {\n")
foreach(file IN LISTS FILES)
  file(RELATIVE_PATH path ${ROOT} ${file})
  file(READ ${file} content)
  string(APPEND body "    {\"${path}\", R\"lmsmail_file(${content})lmsmail_file\"},\n")
endforeach()
string(APPEND body "};\n\n}  // namespace lmsmail::templates\n")
file(WRITE ${OUT} "${body}")
