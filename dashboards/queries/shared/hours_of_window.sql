multiIf(
    ${window:singlequote} = '7d', 168,
    ${window:singlequote} = '30d', 720,
    ${window:singlequote} = '90d', 2160,
    24
)
