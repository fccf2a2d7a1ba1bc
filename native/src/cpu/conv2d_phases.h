// Which cells of a convolution's window reach a pixel of its input. With a stride, only some of them do, the same ones for all pixels whose
// coordinates leave the same remainders: such pixels are a phase. The gradient of a phase is a convolution of the result's gradient, whose
// pixels are next to each other there, with the phase's cells.
#pragma once

#include "compiled.h"
#include "tile_kernel.h"

#include <algorithm>
#include <map>
#include <vector>

namespace compiled::cpu::CN_ISA {

// Along one axis.
struct PhaseAxis {
    // A cell of the window, and where pixel 0 of the phase finds the result that this cell contributed to.
    struct Cell {
        int64_t number, place;
    };

    struct Phase {
        int64_t first; // pixel of the input; the others follow a stride apart
        int64_t pixels;
        std::vector<Cell> cells;
    };

    std::vector<Phase> phases; // those with cells
    int64_t before = 0;        // pixels that a border of zeros before the result's gradient needs
    int64_t extent = 0;        // of that gradient, borders included
    int64_t span = 1;          // of its pixels that one of the input's needs at most
    bool covers = true;        // whether each pixel of the input is in one of the phases

    PhaseAxis() = default;

    PhaseAxis(int64_t size, int64_t stride, int64_t dilation, int64_t pad, int64_t input, int64_t conv) {
        std::map<int64_t, std::vector<Cell>> found;
        for (int64_t cell = size - 1; cell >= 0; --cell) {
            int64_t offset = cell * dilation - pad; // pixel = result * stride + offset
            int64_t first = (offset % stride + stride) % stride;
            if (first < input) {
                found[first].push_back({cell, (first - offset) / stride});
            }
        }
        for (auto& [first, cells] : found) {
            before = std::max(before, -cells.front().place);
            phases.push_back({first, (input - first + stride - 1) / stride, cells});
        }
        extent = before + conv;
        for (Phase& phase : phases) {
            span = std::max(span, before + phase.cells.back().place + 1);
            extent = std::max(extent, span + phase.pixels - 1);
        }
        covers = static_cast<int64_t>(phases.size()) == std::min(stride, input);
    }
};

class TurnedWindow {
public:
    struct Phase {
        int64_t top, left;
        int64_t rows, columns;
        std::vector<Run> runs;
        int64_t first_cell; // of cells()
    };

    // Of a result whose input's gradient is not wanted.
    TurnedWindow(int64_t conv_height, int64_t conv_width) {
        _rows.extent = conv_height;
        _columns.extent = conv_width;
    }

    // The gradient has `pixel` floats per pixel; `channels` of them are summed. Runs of `separate` cells are not joined.
    TurnedWindow(const cn_conv2d_desc& d, int64_t pixel, int64_t channels, bool separate)
        : _rows(d.window.height, d.window.stride_height, d.window.dilation_height, d.window.pad_top, d.input_height, d.conv_height),
          _columns(d.window.width, d.window.stride_width, d.window.dilation_width, d.window.pad_left, d.input_width, d.conv_width) {
        for (const PhaseAxis::Phase& row : _rows.phases) {
            for (const PhaseAxis::Phase& column : _columns.phases) {
                Phase phase{row.first, column.first, row.pixels, column.pixels, {}, static_cast<int64_t>(_cells.size())};
                for (const PhaseAxis::Cell& y : row.cells) {
                    for (const PhaseAxis::Cell& x : column.cells) {
                        _cells.push_back(y.number * d.window.width + x.number);
                        add_run({place(y.place, x.place) * pixel, channels}, separate, phase.runs);
                    }
                }
                _phases.push_back(std::move(phase));
            }
        }
    }

    const std::vector<Phase>& phases() const { return _phases; }
    // Cells of the window, phase after phase, in the order of the runs.
    const std::vector<int64_t>& cells() const { return _cells; }
    bool covers() const { return _rows.covers && _columns.covers; }

    // The gradient with its border of zeros, in pixels.
    int64_t rows() const { return _rows.extent; }
    int64_t columns() const { return _columns.extent; }
    int64_t rows_before() const { return _rows.before; }
    int64_t columns_before() const { return _columns.before; }
    // Row number r of a phase is made from the `span` rows from the r-th on.
    int64_t row_span() const { return _rows.span; }
    // Where pixel (row, column) of the result stands in it.
    int64_t place(int64_t row, int64_t column) const { return (row + _rows.before) * _columns.extent + column + _columns.before; }

private:
    static void add_run(Run run, bool separate, std::vector<Run>& runs) {
        if (!separate && !runs.empty() && runs.back().offset + runs.back().length == run.offset) {
            runs.back().length += run.length;
        } else {
            runs.push_back(run);
        }
    }

    PhaseAxis _rows, _columns;
    std::vector<Phase> _phases;
    std::vector<int64_t> _cells;
};

} // namespace compiled::cpu::CN_ISA
