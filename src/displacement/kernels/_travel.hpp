// What the parts of the compiled travel-time kernel share: the field of a group of destinations, and what a variant
// for one instruction set does to it.

#pragma once

#include <cstddef>
#include <cstdint>

namespace travel {

constexpr int CHUNK = 16;       // cells of a row that are swept or skipped together
constexpr int MOST_TILE = 512;  // cells along a tile's side, at the most: its chunks are the bits of a word

// Hours of one group of destinations. Rows and columns are counted with a border of one cell that nobody enters.
struct Field {
    std::ptrdiff_t rows, columns;  // without the border
    std::ptrdiff_t stride;         // cells from one row to the next
    int tile;                      // cells along a tile's side, a multiple of CHUNK
    std::ptrdiff_t tile_rows, tile_columns;
    float* hours;          // [row, column, lane]
    const float* east;     // edge of each cell to the next one on its row; infinite where there is none
    const float* south;    // to the cell below
    const float* south_east;
    const float* south_west;
    uint32_t* from_above;  // chunks whose row above has changed since they last looked, [row, tile column]
    uint32_t* from_below;  // the same of the row below
    uint32_t* from_right;  // chunks that must look to the right though nothing on their left has changed
    float* key;            // smallest value that has changed beside or in each tile, [tile row, tile column]
    float* before;         // room for a row of a tile
};

// The work on vectors, for one instruction set.
struct Variant {
    const char* name;
    int lanes;
    // Sweep one tile until nothing changes; mark its neighbours, and lower their keys.
    void (*settle)(const Field& field, std::ptrdiff_t tile_row, std::ptrdiff_t tile_column);
    // Make infinite the lanes of a cell whose value is above 0 and which no neighbour with a smaller value explains.
    // Lists the neighbours whose values these explained; `least` is the smallest of them, infinite where there are none.
    int (*drop)(const Field& field, std::ptrdiff_t cell, float* least, std::ptrdiff_t* hung);
    // Add up one block: people with a way, and their hours.
    void (*mean)(const float* hours, const int64_t* cell, const double* people, std::ptrdiff_t count, double* found);
};

extern const Variant plain;
#if defined(KERNEL_X86)
extern const Variant sse2, avx2, avx512;
#endif

}  // namespace travel
