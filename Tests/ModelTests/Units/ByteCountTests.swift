import Model
import Testing

@Suite struct ByteCountTests {
    @Test(
        "Sizes are read with suffixes of 1024",
        arguments: [
            ("0", 0), ("512", 512), ("1K", 1024), ("1k", 1024), ("50M", 50 << 20), ("2g", 2 << 30), ("3T", 3 << 40),
            ("8388607T", 8_388_607 << 40), ("9223372036854775807", UInt64(Int64.max)),
        ] as [(String, UInt64)])
    func parse(_ text: String, _ bytes: UInt64) {
        #expect(ByteCount.parse(text) == bytes)
    }

    @Test(
        "What isn't a size is none",
        arguments: [
            "", "K", "-1", "+1", "1.5G", "1 K", " 1", "1KB", "1E", "0x10", "١", "18446744073709551616", "1P",
            "9223372036854775808", "8388608T", "M", "1e3", "5MB",
        ])
    func refused(_ text: String) {
        #expect(ByteCount.parse(text) == nil)
    }

    @Test(
        "Sizes are written exactly as they are read",
        arguments: [0, 1, 1023, 1024, 1536, 50 << 20, 3 << 40] as [UInt64])
    func exact(_ bytes: UInt64) {
        #expect(ByteCount.parse(ByteCount.exact(bytes)) == bytes)
        #expect(ByteCount.exact(50 << 20) == "50M")
    }

    @Test(
        "Sizes are written with three figures",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1536, "1.50 KiB"), (10_230, "9.99 KiB"),
            (10_240, "10.0 KiB"), (1_023_000, "999 KiB"), (1_023_900, "0.98 MiB"), (12_025_908_429, "11.2 GiB"),
            (UInt64.max, "16.0 EiB"),
        ] as [(UInt64, String)])
    func format(_ bytes: UInt64, _ text: String) {
        #expect(ByteCount.format(bytes) == text)
    }

    @Test("A rate that is no number is none", arguments: [Double.nan, .infinity, -1])
    func rates(_ rate: Double) {
        #expect(ByteCount.formatRate(rate) == "0 B/s")
    }

    @Test("A rate beyond 64 bits is shown all the same")
    func hugeRate() {
        #expect(ByteCount.formatRate(1e300).hasSuffix("EiB/s"))
    }
}
