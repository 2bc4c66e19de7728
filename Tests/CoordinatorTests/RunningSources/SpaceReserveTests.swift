import Testing

@testable import Coordinator

@Suite("Space beside scratch files")
struct SpaceReserveTests {
    @Test(
        "512 MiB stay free, or a quarter of what was free where there was little",
        arguments: [
            (100 << 30, 512 << 20, false), (100 << 30, (512 << 20) - 1, true), (400 << 20, 100 << 20, false),
            (400 << 20, (100 << 20) - 1, true), (0, 0, false),
        ] as [(UInt64, UInt64, Bool)])
    func reserve(_ before: UInt64, _ now: UInt64, _ isTouched: Bool) {
        var reserve = SpaceReserve()
        let looks = [before, now].map { reserve.isTouched(in: "/a", free: $0) }
        #expect(looks == [false, isTouched])
    }

    @Test("each folder has a reserve of its own")
    func folders() {
        var reserve = SpaceReserve()
        let seen: [(String, UInt64)] = [("/a", 100 << 30), ("/b", 400 << 20), ("/a", 400 << 20)]
        let looks = seen.map { reserve.isTouched(in: $0, free: $1) }
        #expect(looks == [false, false, true])
    }
}
