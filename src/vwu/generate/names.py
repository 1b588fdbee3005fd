"""Common Vietnamese names to make up people from; nobody is meant."""

from __future__ import annotations

FAMILY_NAMES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương",
    "Lý", "Nông", "Triệu", "Lương", "Hà", "Vi", "Lò", "Giàng", "Thạch",
)  # fmt: skip
MIDDLE_NAMES = ("Thị", "Thị Kim", "Thị Ngọc", "Thị Thu", "Thị Minh", "Thị Hồng", "Thị Thanh", "Thị Bích")
MALE_MIDDLE_NAMES = ("Văn", "Đức", "Hữu", "Quang")
GIVEN_NAMES = (
    "An", "Bình", "Chi", "Dung", "Duyên", "Gấm", "Giang", "Hà", "Hạnh", "Hiền", "Hoa", "Hòa", "Huệ", "Hương", "Khuyên",
    "Lan", "Liên", "Loan", "Mai", "Nga", "Nguyệt", "Nhung", "Oanh", "Phương", "Quyên", "Sen", "Tâm", "Thảo", "Thúy",
    "Thủy", "Trang", "Tuyết", "Uyên", "Vân", "Xuân", "Yến",
)  # fmt: skip
MALE_GIVEN_NAMES = (
    "Anh", "Bảo", "Cường", "Dũng", "Hải", "Hùng", "Khánh", "Long", "Minh", "Nam", "Phúc", "Quân", "Sơn", "Thắng",
    "Tuấn",
)  # fmt: skip
