// cuDNN that is not there, or not what it should be: without it everything works; what was asked for by name must be there.
#include "layer_run.h"

using namespace device;

namespace {

constexpr const char* LibraryVariable = "COMPILED_CUDNN_LIBRARY";

// Of stride 2: cuDNN would compute it.
cn_conv2d_desc stage() {
    cn_conv2d_desc d{};
    d.struct_size = sizeof(d);
    d.batch = 2, d.input_height = d.input_width = 5, d.input_channels = 3, d.filters = 4;
    d.window = {3, 3, 2, 2, 1, 1, 1, 1};
    d.conv_height = d.output_height = d.conv_width = d.output_width = 3;
    return d;
}

bool refuses(cn_context* context, const char* words) {
    cn_op* op = nullptr;
    cn_conv2d_desc d = stage();
    cn_status status = cn_conv2d_create(context, &d, &op);
    bool says = std::strstr(cn_last_error(), LibraryVariable) != nullptr && std::strstr(cn_last_error(), words) != nullptr;
    if (!says) {
        std::printf("%d: %s\n", status, cn_last_error());
    }
    cn_op_destroy(op);
    return status == CN_STATUS_UNSUPPORTED && says;
}

void check_own(cn_context* context) {
    cn_conv2d_desc d = stage();
    Random random(3);
    layer::ConvData data(d, random, layer::Numbers::Whole);
    cn_state state = state_of(d.batch);
    layer::ConvResult expected = layer::convolve(d, data, state);
    layer::Outputs outputs = layer::run(context, d, 1, data, state);
    CHECK_CLOSE(expected.y, outputs.y, 0, 0);
    CHECK_CLOSE(expected.dkernel, outputs.dkernel, 0, 0);
}

void test_named_library(cn_context* context, const std::string& simulated) {
    check::scope = "missing";
    setenv(LibraryVariable, "/nowhere/libcudnn.so.9", 1);
    CHECK(refuses(context, "/nowhere/libcudnn.so.9"));
    check::scope = "another library";
    setenv(LibraryVariable, std::getenv("COMPILED_CUDA_LIBRARY"), 1);
    CHECK(refuses(context, "no function cudnnGetVersion"));
    check::scope = "old";
    setenv(LibraryVariable, simulated.c_str(), 1);
    setenv("COMPILED_CUDNN_SIM_VERSION", "7605", 1);
    CHECK(refuses(context, "version 7605"));
    setenv("COMPILED_CUDNN_SIM_VERSION", "100000", 1);
    CHECK(refuses(context, "version 100000"));
    check::scope = "switched off";
    setenv("COMPILED_CUDNN", "off", 1);
    check_own(context);
    unsetenv("COMPILED_CUDNN");
    CHECK(refuses(context, "version 100000"));
    unsetenv("COMPILED_CUDNN_SIM_VERSION");
}

} // namespace

int main() {
    if (!has(Cuda)) {
        return check::result();
    }
    std::string simulated = std::getenv(LibraryVariable);
    setenv("COMPILED_CUDA_TUNING", "off", 1);
    Context context(Cuda);
    test_named_library(context, simulated);
    check::scope = "nowhere";
    unsetenv(LibraryVariable);
    check_own(context);
    check::scope = "nowhere, before";
    setenv(LibraryVariable, simulated.c_str(), 1); // too late
    check_own(context);
    return check::result();
}
