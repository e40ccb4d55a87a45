"""Korean surnames and given-name syllables as English newspapers spell them, the most usual first."""

from __future__ import annotations

_SURNAMES = """
    김 金 Kim Gim|이 李 Lee Yi Rhee Ri I Li|박 朴 Park Pak Bak|최 崔 Choi Choe Ch'oe|
    정 鄭丁程 Jung Jeong Chung Chong Cheong|강 姜康 Kang Gang|조 趙曺曹 Cho Jo|윤 尹 Yoon Yun|장 張蔣章 Jang Chang|
    임 林任 Lim Im Yim Rim|한 韓 Han|오 吳呉 Oh O|서 徐 Seo Suh So|신 申辛愼慎 Shin Sin|권 權権 Kwon Gwon|
    황 黃黄 Hwang Whang|안 安 Ahn An|송 宋 Song|전 全田錢 Jeon Chun Jun Chon|홍 洪 Hong|유 兪柳劉庾 Yoo Yu You Ryu|
    고 高 Ko Go Koh|문 文 Moon Mun|양 梁楊 Yang Ryang|손 孫 Son Sohn|배 裵裴 Bae Pae|백 白 Baek Paek Paik|
    허 許 Heo Huh Hur Ho|남 南 Nam|심 沈 Shim Sim|노 盧魯 Roh Noh No Ro|하 河 Ha|곽 郭 Kwak Gwak|
    성 成 Sung Seong Song|차 車 Cha Ch'a|주 朱周 Joo Ju Chu|우 禹 Woo U Wu|구 具丘 Koo Ku Gu|민 閔 Min|
    류 柳 Ryu Ryoo Yoo|나 羅 Na Ra|진 陳晉秦 Jin Chin|지 池 Ji Chi Jee|엄 嚴厳 Um Eom Ohm|채 蔡 Chae Ch'ae|
    원 元 Won|천 千 Chun Cheon Ch'on|방 方房 Bang Pang|공 孔 Kong Gong|현 玄 Hyun Hyeon Hyon|함 咸 Ham|
    변 邊卞 Byun Byeon Pyon|염 廉 Yum Yeom|여 呂 Yeo Yo|추 秋 Choo Chu Ch'u|도 都 Do Doh To|소 蘇 So Soh|
    석 石昔 Seok Suk Sok|선 宣 Sun Seon|설 薛 Seol Sul|마 馬 Ma|길 吉 Gil Kil|연 延 Yeon Yon|위 魏 Wi|
    표 表 Pyo P'yo|명 明 Myung Myeong|기 奇 Ki Gi|반 潘 Ban Pan|라 羅 Ra Na|봉 奉 Bong Pong|태 太 Tae|형 邢 Hyung|
    왕 王 Wang|금 琴 Keum Geum|옥 玉 Ok|육 陸 Yook Yuk|인 印 In|맹 孟 Maeng|제 諸 Je Jae|모 牟 Mo|탁 卓 Tak|
    국 鞠 Kook Guk|어 魚 Eo Uh|은 殷 Eun|편 片 Pyun Pyeon|용 龍 Yong|리 李 Ri|로 盧 Ro
    """

SURNAMES = {name: (spellings, hanja) for name, hanja, *spellings in map(str.split, _SURNAMES.split("|"))}
"""Of each surname its spellings and its characters."""

DOUBLE_SURNAMES = {
    "남궁": "Namgung",
    "황보": "Hwangbo",
    "선우": "Sunwoo",
    "제갈": "Jegal",
    "독고": "Dokgo",
    "사공": "Sagong",
}

_SYLLABLES = """
    가 ga|각 gak|갑 gap kap|강 kang gang|건 gun geon kun|결 gyeol|경 kyung kyoung gyeong kyeong|계 kye gye|
    고 ko go|관 kwan gwan|광 kwang gwang|교 kyo gyo|구 koo ku gu goo|국 kook guk kuk|군 goon gun|권 kwon|
    귀 gwi kwi|규 kyu gyu|균 kyun gyun|근 geun keun kun|금 keum geum kum|기 ki gi kee|길 kil gil|나 na|난 nan|
    남 nam|내 nae|노 noh no|누 nu|다 da|단 dan|달 dal|담 dam|대 dae tae|덕 duk deok|도 do|돈 don|동 dong tong|
    두 doo du|득 deuk duk|라 ra|락 rak|란 ran|람 ram|래 rae|량 ryang|려 ryeo|련 ryun ryeon|령 ryung ryeong|례 rye|
    로 ro|록 rok|룡 ryong|률 ryul|륜 ryun|리 ri|린 rin lin|림 rim lim|만 man|명 myung myeong myoung myong|모 mo|
    목 mok|무 moo mu|문 moon mun|미 mi mee|민 min|박 bak park|반 ban|방 bang|배 bae|백 baek|범 beom bum|벽 byeok|
    별 byul byeol|병 byung byeong byoung|보 bo|복 bok|봉 bong|부 boo bu|분 boon bun|비 bi|빈 bin|사 sa|산 san|
    삼 sam|상 sang|새 sae|생 saeng|서 seo suh|석 seok suk sok|선 sun seon|설 seol sul|섭 seop sup sub|
    성 sung seong|세 se|소 so|솔 sol|송 song|수 soo su|숙 sook suk|순 soon sun|슬 seul|승 seung sung|식 sik shik|
    신 shin sin|실 sil shil|심 shim sim|아 ah a|안 an ahn|애 ae|양 yang|언 eon un|여 yeo|연 yeon youn yun|
    열 yeol yul|엽 yeop yup|영 young yong yeong|예 ye yeh|오 oh o|옥 ok|온 on|완 wan|왕 wang|외 oe|용 yong|
    우 woo u wu|욱 wook uk|운 woon un|웅 woong ung|원 won|월 wol|위 wi|유 yoo yu you|윤 yoon yun|율 yul|은 eun un|
    을 eul|음 eum|의 ui eui|이 yi i ee|익 ik|인 in|일 il|임 im|자 ja|장 jang|재 jae je|전 jun jeon|점 jeom|
    정 jung jeong jong chung|제 je jae|조 jo|종 jong chong|주 joo ju|준 jun joon|중 joong jung|지 ji jee|직 jik|
    진 jin|집 jip|찬 chan|창 chang|채 chae|천 chun cheon|철 chul cheol chol|청 chung cheong|초 cho|춘 choon chun|
    충 choong chung|치 chi|탁 tak|태 tae|택 taek|평 pyung pyeong|표 pyo|필 pil|하 ha|학 hak|한 han|해 hae|향 hyang|
    헌 hun heon|혁 hyuk hyeok|현 hyun hyeon hyon|형 hyung hyeong|혜 hye hae|호 ho|홍 hong|화 hwa|환 hwan|황 hwang|
    회 hoe|효 hyo|후 hoo hu|훈 hoon hun|휘 hwi|흠 heum|흥 heung|희 hee hui|힘 him
    """

SYLLABLES = {name: spellings for name, *spellings in map(str.split, _SYLLABLES.split("|"))}
"""Of each syllable of given names its customary spellings."""

TITLES = tuple(
    """
    대통령 총리 의원 장관 대표 위원장 국무위원장 총장 시장 지사 후보 전 씨 감독 선수 회장 사장 교수 판사 검사
    변호사 기자 의장 실장 수석 대변인 당대표 원내대표 부총리 차관 박사 군 양 사령관 대사 이사장 본부장 여사
    """.split()  # noqa: SIM905
)

COMMON = (
    "영정은지현수민준경희성재호진미연승선혜숙순원우석상동훈태윤서명하규주종철기용일인근환옥광대덕유형병창"
    "남아나예찬무문욱식홍찬화중만길복한봉범신자복렬열섭헌완국안양관택균필웅강학란림린빈슬율솔리라"
)
"""Syllables of given names, the most frequent first."""
