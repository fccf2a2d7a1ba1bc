// Up-sampling by whole factors, nearest or bilinear with half-pixel centres.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy: [rows, output_height, output_width, channels].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Threads  rows of the output forward, rows of the input backward: no two threads write the same place.
#include "ops.h"
#include "upsampled_images.h"

namespace compiled::cpu::CN_ISA {

namespace {

class UpSampling2DKernel final : public UpSampling2DOp {
public:
    UpSampling2DKernel(Context& context, const cn_upsampling2d_desc& desc)
        : _context(context), _desc(desc),
          _images(desc.input_height, desc.input_width, desc.channels, desc.factor_height, desc.factor_width, desc.interpolation) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int64_t height = _desc.input_height * _desc.factor_height, width = _desc.input_width * _desc.factor_width;
        _context.parallel_for(state->rows * height, [=](int64_t item, int) {
            const float* image = x + item / height * _images.image_floats();
            _images.enlarge(image, item % height, 0, width, _desc.channels, y + item * width * _desc.channels);
        });
    }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        _context.parallel_for(state->rows * _desc.input_height, [=](int64_t item, int) {
            const float* image = dy + item / _desc.input_height * _images.image_floats() * _desc.factor_height * _desc.factor_width;
            _images.sum_row(image, item % _desc.input_height, _desc.channels, accumulate, dx + item * _images.row_floats());
        });
    }

private:
    Context& _context;
    cn_upsampling2d_desc _desc;
    UpSampledImages _images;
};

} // namespace

std::unique_ptr<UpSampling2DOp> make_upsampling2d(Context& context, const cn_upsampling2d_desc& desc) {
    return std::make_unique<UpSampling2DKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
